// deadline: 240 s
import { proveChapter } from './prove.ts';

await proveChapter(2);
