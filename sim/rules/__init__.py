"""How the world works and how people decide, once, as small compiled functions on records."""
