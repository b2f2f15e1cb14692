-- One caller's bucket: fills with `rate` tokens a second up to one second's worth; each call takes one.
-- KEYS[1] the bucket; ARGV: rate, debt (calls let through without a lease; negative: given back), wanted.
-- Returns what is granted and what is left, as texts: Redis would cut numbers to whole ones.
local rate, debt, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or rate, tonumber(kept[2]) or now
tokens = math.min(rate, math.min(rate, tokens + math.max(0, now - at) * rate) - debt)
local granted = math.max(0, math.min(wanted, tokens))
tokens = tokens - granted
redis.call('HSET', KEYS[1], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', math.max(at, now)))
-- Full by then, and as good as new.
redis.call('PEXPIRE', KEYS[1], math.ceil((rate - tokens) / rate * 1000) + 1000)
return {string.format('%.6f', granted), string.format('%.6f', tokens)}
