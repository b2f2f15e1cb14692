-- Forget what a shopper did until some time.
-- KEYS: 1 generation, 2 the generation that is being rebuilt
-- ARGV: 1 prefix, 2 what lists of recent products begin with, 3 marks likewise, 4 shopper, 5 until, in milliseconds or
--       '+inf', 6 of which generation; missing: of the one in force, and of the one that is being rebuilt
-- Returns how many recent products and how many marks were forgotten, of the first.
local generations = {ARGV[6] or redis.call('GET', KEYS[1]) or ''}
if not ARGV[6] then generations[2] = redis.call('GET', KEYS[2]) or nil end
local counts = {}
for _, generation in ipairs(generations) do
  for i = 2, 3 do
    local key = ARGV[1] .. generation .. ARGV[i] .. ARGV[4]
    counts[#counts + 1] = redis.call('ZREMRANGEBYSCORE', key, '-inf', ARGV[5])
  end
end
return {counts[1], counts[2]}
