"""Measuring: how long a lesson takes to start, what the site costs a browser. Not for learners."""
