"""What games of two negotiators have in common."""
