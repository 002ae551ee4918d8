import { ID_RULES } from './schemas/redact/index.ts'
const N=20000
for (const len of [8,9,10,11,12,13]) {
  const nums=Array.from({length:N},()=>String(1+Math.floor(Math.random()*9))+Array.from({length:len-1},()=>Math.floor(Math.random()*10)).join(''))
  const out=[]
  for (const r of ID_RULES) { if(!r.bare) continue; const re=new RegExp(`^(?:${r.bare.source})$`,r.bare.flags); let h=0; for(const n of nums) { try { if(re.test(n)&&r.isOne(n)) h++ } catch{} } if(h) out.push(`${r.name}${r.strong?'*':''} ${(100*h/N).toFixed(2)}`) }
  console.log(len,out.join(', '))
}
