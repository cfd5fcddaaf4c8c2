"""Front doors: hosts whose requests run functions, and how requests reach them."""
