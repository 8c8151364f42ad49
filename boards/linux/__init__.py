"""What the boards of Linux computers share."""
