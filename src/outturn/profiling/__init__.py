"""What a file is and what it would come to: nothing here touches the warehouse."""
