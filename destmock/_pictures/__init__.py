"""What happened, as words, diagrams and one HTML file."""
