-- What is known of some shoppers, in one round trip.
-- KEYS: 1 generation
-- ARGV: 1 prefix, 2 what lists of recent products begin with, 3 marks likewise, 4 preferences likewise, which are of no
--       generation, 5… shoppers
-- Returns in msgpack, since parsing a reply of a thousand parts takes Python longer: per shopper
-- {recent, marks, preferences or false}, the first two each {member, ms, member, ms, …}, newest first.
local space = ARGV[1] .. (redis.call('GET', KEYS[1]) or '')
local known = {}
for i = 5, #ARGV do
  known[#known + 1] = {
    redis.call('ZREVRANGE', space .. ARGV[2] .. ARGV[i], 0, -1, 'WITHSCORES'),
    redis.call('ZREVRANGE', space .. ARGV[3] .. ARGV[i], 0, -1, 'WITHSCORES'),
    redis.call('GET', ARGV[1] .. ARGV[4] .. ARGV[i]),
  }
end
return cmsgpack.pack(known)
