"""The commands `destmock run` and `destmock serve`: what they take, load, print, and how they end."""
