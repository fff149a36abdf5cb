import { readFileSync } from 'node:fs';
import { parseSource, codeLines, stepLines } from './sizes/code-lines.ts';
for (const f of process.argv.slice(2)){
  const text=readFileSync(f,'utf8'); const s=parseSource(f,text);
  const c=codeLines(s), st=stepLines(s); const un=[...c].filter(l=>!st.has(l)).sort((a,b)=>a-b);
  const ls=text.split('\n');
  console.log('##',f,c.size,c.size-un.length); for(const l of un) console.log('   ',ls[l-1]);
}
