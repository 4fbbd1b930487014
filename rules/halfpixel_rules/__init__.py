"""The rules that come with halfpixel: one file, one rule, named after the defect."""
