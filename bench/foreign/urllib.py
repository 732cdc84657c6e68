"""Runs a chain of bench's with urllib, as the first version of the article's bot did."""

import json
import resource
import sys
import time
import urllib.request

job = json.loads(sys.argv[1])
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
opener.addheaders = [("User-Agent", "bench")]


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def run():
    url, took = job["url"], []
    for i in range(job["warm"] + job["n"]):
        if i == job["warm"]:
            used, start = cpu(), time.monotonic()
        began = time.monotonic()
        with opener.open(url, timeout=60) as answer:
            body = answer.read()
        took.append(time.monotonic() - began)
        url = job["url"].rpartition("/")[0] + "/" + str(int(body))
    used, wall = cpu() - used, time.monotonic() - start
    took = sorted(took[job["warm"] :])
    at = lambda share: took[min(int(len(took) * share), len(took) - 1)] * 1e6
    return {
        "requests": job["n"],
        "figures": {
            "cpu_us_per_req": used * 1e6 / job["n"],
            "rps": job["n"] / wall,
            "p50_us": at(0.50),
            "p99_us": at(0.99),
            "p999_us": at(0.999),
        },
    }


try:
    print(json.dumps(run()))
except Exception as e:
    print(json.dumps({"error": "%s: %s" % (type(e).__name__, e)}))
