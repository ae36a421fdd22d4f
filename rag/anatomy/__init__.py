"""How an embedding comes to be: the numbers behind each chapter of the page."""
