"""What is read from requests and shown in answers."""
