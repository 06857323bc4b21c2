"""The one design of every page that clemsim writes: templates, style sheet, script, figures and safe text.

It knows no run, no study and no server: pages hand it what they show.
"""
