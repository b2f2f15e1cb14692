-- Move what one shopper did until some time to another.
-- KEYS: 1 generation
-- ARGV: 1 prefix, 2 what lists of recent products begin with, 3 marks likewise, 4 from whom, 5 to whom, 6 until, in
--       milliseconds, 7 how many recent products are kept, 8 how many marks, 9 for how many seconds, 10 of which
--       generation; missing: of the one in force
-- Returns how many recent products and how many marks were moved.
local space = ARGV[1] .. (ARGV[10] or redis.call('GET', KEYS[1]) or '')
local moves = {}
-- A script is not rolled back: read everything, so that a key of the wrong type fails it before the first write.
for i = 2, 3 do
  local from, to = space .. ARGV[i] .. ARGV[4], space .. ARGV[i] .. ARGV[5]
  redis.call('ZCARD', to)
  local members = redis.call('ZRANGEBYSCORE', from, '-inf', ARGV[6], 'WITHSCORES')
  moves[#moves + 1] = {from = from, to = to, members = members, cap = tonumber(ARGV[i + 5])}
end
local counts = {}
for _, move in ipairs(moves) do
  local args = {}
  for i = 1, #move.members, 2 do
    args[#args + 1] = move.members[i + 1]
    args[#args + 1] = move.members[i]
  end
  if #args > 0 then
    redis.call('ZADD', move.to, 'GT', unpack(args))
    redis.call('ZREMRANGEBYSCORE', move.from, '-inf', ARGV[6])
    redis.call('ZREMRANGEBYRANK', move.to, 0, -move.cap - 1)
    redis.call('EXPIRE', move.to, ARGV[9])
  end
  counts[#counts + 1] = #args / 2
end
return counts
