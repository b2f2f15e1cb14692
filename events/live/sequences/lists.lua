-- Some lists of what follows what, in one round trip.
-- KEYS: 1 generation   ARGV: 1 space, 2… names of lists: <kind>:<product id>
-- Returns in msgpack, since parsing a reply of many parts takes Python longer: per list its string, or false.
local space = ARGV[1] .. (redis.call('GET', KEYS[1]) or '')
local names = {}
for i = 2, #ARGV do names[#names + 1] = space .. ARGV[i] end
return cmsgpack.pack(redis.call('MGET', unpack(names)))
