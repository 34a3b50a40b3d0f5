"""Money: cash flows of a client's programmes, their value today, and what moves it."""
