"""Topic filters of MQTT, as AWS IoT matches them.

https://docs.aws.amazon.com/iot/latest/developerguide/topics.html
"""

from __future__ import annotations


def matches(topic_filter: str, topic: str) -> bool:
    """`+` stands for a level, and `#`, at the end, for one or more; a level may be empty.

    No wildcard is the first level of a topic that begins with `$`.
    """
    levels, found = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and levels[0] in ("+", "#"):
        return False
    if levels[-1] == "#" and len(found) >= len(levels):
        levels = levels[:-1]
        found = found[: len(levels)]
    return len(levels) == len(found) and all(
        level in ("+", one) for level, one in zip(levels, found, strict=True)
    )
