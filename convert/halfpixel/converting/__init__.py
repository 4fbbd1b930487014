"""The steps of a conversion, which `halfpixel.convert` puts in order."""
