#!/usr/bin/env python3
"""Submits one request to the fleet and waits for its reply.

    submit.py --orchestrator fallback_autonomous --kwargs '{"url": "file:///samples/transport-policy.txt"}'
"""

import argparse
import json
import sys
import time
import uuid
from datetime import datetime, timezone

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap-servers", default="localhost:9092")
    parser.add_argument("--topic-prefix", default="")
    parser.add_argument("--layer", default="domain", choices=["domain", "application", "infrastructure"])
    parser.add_argument("--orchestrator", default="echo")
    parser.add_argument("--tenant", default="acme")
    parser.add_argument("--key", help="requests with one key run in order; without a key there is no order")
    parser.add_argument("--idempotency-key", help="requests with one key mean one job: it runs once, and all get its reply")
    parser.add_argument("--kwargs", default="{}", type=json.loads, help="arguments of the orchestrator, a JSON object")
    parser.add_argument("--timeout", default=60.0, type=float, help="seconds to wait for the reply")
    parser.add_argument("--no-wait", action="store_true", help="print the request's id instead of waiting for the reply")
    return parser.parse_args()


def listen(servers, topic):
    """A consumer at the present end of every partition, so that a reply sent from now on is seen."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "submit-example", "enable.auto.commit": False,
                         "isolation.level": "read_committed"})
    known = consumer.list_topics(topic, timeout=10).topics[topic]
    if known.error:
        raise KafkaException(known.error)
    ends = [TopicPartition(topic, p, consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1]) for p in known.partitions]
    consumer.assign(ends)
    return consumer


def send(servers, topic, key, idempotency_key, request, request_id, timeout):
    """Returns when the broker has acknowledged the request."""
    now = time.time()
    headers = {
        "ce_specversion": "1.0", "ce_id": request_id, "ce_type": "orchestration.request.v1", "ce_source": "/examples/submit.py",
        "ce_time": datetime.fromtimestamp(now, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "content-type": "application/json", "x-deadline-ms": str(int((now + timeout) * 1000)),
    }
    if idempotency_key:
        headers["x-idempotency-key"] = idempotency_key
    failures = []
    producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True, "message.timeout.ms": 10000})
    producer.produce(topic, key=key, value=json.dumps(request), headers=list(headers.items()),
                     on_delivery=lambda error, _: error and failures.append(error))
    if producer.flush(15) or failures:
        raise KafkaException(*failures[:1])


def wait(consumer, request_id, timeout):
    """The reply whose cause is the request, or None when the time is over."""
    end = time.monotonic() + timeout
    while (left := end - time.monotonic()) > 0:
        record = consumer.poll(min(left, 1.0))
        if record is None or record.error():
            continue
        if dict(record.headers() or []).get("ce_causationid") == request_id.encode():
            return json.loads(record.value())
    return None


def main():
    options, request_id = arguments(), str(uuid.uuid4())
    topic = f"{options.topic_prefix}orchestration.{{}}.{options.layer}"
    request = {"orchestrator": options.orchestrator, "context": {"tenant_id": options.tenant}, "kwargs": options.kwargs}
    try:
        consumer = None if options.no_wait else listen(options.bootstrap_servers, topic.format("results"))
        send(options.bootstrap_servers, topic.format("requests"), options.key, options.idempotency_key, request, request_id, options.timeout)
        if consumer is None:
            print(request_id)
            return 0
        reply = wait(consumer, request_id, options.timeout)
        consumer.close()
    except KafkaException as error:
        sys.exit(f"submit.py: {error.args[0] if error.args else 'the broker did not acknowledge the request'}")
    if reply is None:
        sys.exit(f"submit.py: no reply to {request_id} in {options.timeout:g} s; is a {options.layer} worker running?")
    print(json.dumps(reply, indent=2, ensure_ascii=False))
    return 0 if reply["success"] else 2


if __name__ == "__main__":
    sys.exit(main())
