"""Raw files in, checked tables out: read, check, tidy."""
