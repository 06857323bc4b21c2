"""Scripted players of privateshared."""
