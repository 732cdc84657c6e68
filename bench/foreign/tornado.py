"""Runs a job of bench's with one of Tornado's clients: tornado.py JOB simple|curl."""

import asyncio
import json
import resource
import sys
import time

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

job = json.loads(sys.argv[1])
implementations = {
    "simple": "tornado.simple_httpclient.SimpleAsyncHTTPClient",
    "curl": "tornado.curl_httpclient.CurlAsyncHTTPClient",
}
AsyncHTTPClient.configure(implementations[sys.argv[2]], max_clients=job["conns"])

PATIENCE = 120


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def percentiles(took):
    took = sorted(took)
    at = lambda share: took[min(int(len(took) * share), len(took) - 1)] * 1e6
    return {"p50_us": at(0.50), "p99_us": at(0.99), "p999_us": at(0.999)}


def resident():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024


async def ask(client, url):
    request = HTTPRequest(url, user_agent="bench", connect_timeout=PATIENCE, request_timeout=PATIENCE)
    answer = await client.fetch(request)
    body = answer.body.decode()
    if not job["chain"] and body != job["want"]:
        raise Exception("the answer is %r" % body[:40])
    return body


async def busy():
    """Every worker has a request under way all the time."""
    client = AsyncHTTPClient()
    warm, last = job["warm"], job["warm"] + job["n"]
    ended, took, marks = 0, [], {}

    async def worker():
        nonlocal ended
        url = job["url"]
        while ended < last:
            began = time.monotonic()
            body = await ask(client, url)
            if job["chain"]:
                url = job["url"].rpartition("/")[0] + "/" + str(int(body))
            ended += 1
            if warm < ended <= last:
                took.append(time.monotonic() - began)
            if ended in (warm, last):
                marks[ended] = cpu(), time.monotonic()

    await asyncio.gather(*[worker() for _ in range(job["conns"])])
    used, wall = (b - a for a, b in zip(marks[warm], marks[last]))
    figures = {"cpu_us_per_req": used * 1e6 / job["n"], "rps": job["n"] / wall}
    figures.update(percentiles(took))
    return {"requests": job["n"], "figures": figures}


async def control(path):
    host, port = job["control"].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(("GET %s HTTP/1.1\r\nHost: origin\r\n\r\n" % path).encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def park():
    """Requests wait at the origin until it is told to answer them."""
    client = AsyncHTTPClient()
    many, took, released = job["conns"], [], None
    before, used = resident(), cpu()

    async def one():
        await ask(client, job["url"])
        took.append(time.monotonic() - released)

    waiting = [asyncio.ensure_future(one()) for _ in range(many)]
    await control("/await/%d" % many)
    held = resident()
    released = time.monotonic()
    await control("/release")
    await asyncio.gather(*waiting)
    figures = {
        "cpu_us_per_req": (cpu() - used) * 1e6 / many,
        "rss_per_waiting": (held - before) / many,
    }
    figures.update(percentiles(took))
    return {"requests": many, "figures": figures}


async def main():
    try:
        return await asyncio.wait_for(park() if job["park"] else busy(), PATIENCE)
    except Exception as e:
        return {"error": "%s: %s" % (type(e).__name__, e)}


print(json.dumps(asyncio.run(main())))
