"""What the rest stands on: paths, the cache, environments, apt and npm packages; imports console."""
