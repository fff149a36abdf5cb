// deadline: 300 s
import { proveChapter } from './prove.ts';

await proveChapter(1);
