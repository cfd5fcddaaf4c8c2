"""HTTP requests as functions get them, and their answers: what all front doors share."""
