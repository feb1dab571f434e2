"""How is each library called? One module per library: our column names, nothing rounded."""
