"""What the rest stands on: paths, the cache, environments, apt, the system; may import console."""
