-- One step through all products that are not forgotten, as packed values (see events/live/changes.py).
-- KEYS: 1 trend:week, 2 trend:hour, 3 clicks   ARGV: 1 cursor, 2 about how many to take
-- Returns {next cursor, packed}. A cursor meets every product that was there all along; what changes meanwhile
-- is in the feed.
local packed = {}
local step = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local members = step[2]
for i = 1, #members, 2 do
  local product = members[i]
  local hour = tonumber(redis.call('ZSCORE', KEYS[2], product)) or -math.huge
  local clicks = tonumber(redis.call('HGET', KEYS[3], product)) or 0
  packed[#packed + 1] = struct.pack('<dddd', tonumber(product), hour, tonumber(members[i + 1]), clicks)
end
return {step[1], table.concat(packed)}
