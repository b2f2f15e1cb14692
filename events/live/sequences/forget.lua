-- Forget what a session met until some time.
-- KEYS: 1 generation, 2 the generation that is being rebuilt
-- ARGV: 1 space, 2 what sessions begin with, 3 the session, 4 until, in milliseconds, or '+inf',
--       5 of which generation; missing: of the one in force, and of the one that is being rebuilt
-- Returns how many steps were forgotten, of the first.
local generations = {ARGV[5] or redis.call('GET', KEYS[1]) or ''}
if not ARGV[5] then generations[2] = redis.call('GET', KEYS[2]) or nil end
local until_ms = ARGV[4] == '+inf' and math.huge or tonumber(ARGV[4])
local forgotten = {}
for _, generation in ipairs(generations) do
  local key = ARGV[1] .. generation .. ARGV[2] .. ARGV[3]
  local packed = redis.call('GET', key)
  local steps, left = packed and cmsgpack.unpack(packed) or {}, {}
  for i = 1, #steps, 3 do
    if steps[i] > until_ms then
      for j = i, i + 2 do left[#left + 1] = steps[j] end
    end
  end
  if #left == 0 then
    redis.call('DEL', key)
  elseif #left < #steps then
    redis.call('SET', key, cmsgpack.pack(left), 'KEEPTTL')
  end
  forgotten[#forgotten + 1] = (#steps - #left) / 3
end
return forgotten[1]
