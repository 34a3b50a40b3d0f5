"""The browser: the explorer for one person, the workshop for thirty."""
