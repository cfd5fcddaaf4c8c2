"""Refunds of returned goods: four functions of an application, with Powertools for AWS Lambda."""
