"""Altair specifications, and where names go on them. Everything that knows Altair is here."""
