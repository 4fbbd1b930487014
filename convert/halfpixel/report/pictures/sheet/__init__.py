"""What a picture is drawn on: texts and marks, their colours, and how wide a text is."""
