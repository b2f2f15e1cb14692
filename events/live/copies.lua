-- Write copies of preferences, if they were left as the writer believes.
-- KEYS: 1 how often they were written
-- ARGV: 1 the value of KEYS[1] that is expected ('0': none), 2 its new value, 3 what the copies' keys begin with,
--       4 in msgpack: shopper, copy, shopper, copy…; a copy of '' takes the shopper's away
-- Returns 1, or 0 with nothing changed: Redis was restored, or this call comes late, from one that was given up.
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
local copies = cmsgpack.unpack(ARGV[4])
for i = 1, #copies, 2 do
  local key = ARGV[3] .. copies[i]
  if copies[i + 1] == '' then redis.call('DEL', key) else redis.call('SET', key, copies[i + 1]) end
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
