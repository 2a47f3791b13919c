"""What a person reads: messages in two languages, questions, progress bars; may import nothing."""
