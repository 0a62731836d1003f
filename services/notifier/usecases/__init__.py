"""What the notifier does: note what happened, and send."""
