"""For maintainers, not for learners: measuring, npm packages, what is copied from them."""
