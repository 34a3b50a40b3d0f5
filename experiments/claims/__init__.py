"""The article's claims: what has to be run to say anything about each."""
