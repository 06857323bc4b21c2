"""Shows runs, studies and stress reports in a browser, live, and as files to send.

It computes no score and plays no episode itself: it reads what the packages below it know, and asks them to act.
"""
