"""What a comparison shows: its runs read, statistics with intervals, a verdict, and how they are set."""
