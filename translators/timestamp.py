"""Unix seconds in words, without a clock."""


def timestamp(seconds: int) -> str:
    """Unix seconds as RFC 3339, in UTC. Source of the day count: Howard Hinnant, chrono-compatible date algorithms."""
    days, second = divmod(seconds, 86400)
    era, day_of_era = divmod(days + 719468, 146097)  # eras of 400 years from 0000-03-01
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    shifted = (5 * day_of_year + 2) // 153  # months from March
    day = day_of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year += 400 * era + (month <= 2)
    return f"{year:04}-{month:02}-{day:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
