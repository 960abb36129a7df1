"""The rules of notify: whom we tell, in which words, and what is known of a message."""
