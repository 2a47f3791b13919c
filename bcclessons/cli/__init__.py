"""The command line: declarations, what learners do, what maintainers do; may import every other package."""
