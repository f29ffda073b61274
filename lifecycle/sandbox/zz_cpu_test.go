package sandbox
import ("testing";"syscall";"time";"fmt";"io/fs";"os";"path/filepath")
func cpu() time.Duration { var r syscall.Rusage; syscall.Getrusage(0,&r); return time.Duration(r.Utime.Nano()+r.Stime.Nano()) }
func TestCPU(t *testing.T){
	from, to := t.TempDir(), t.TempDir()
	for d := range 200 { dir := filepath.Join(from, fmt.Sprintf("cookbook%d", d/10), fmt.Sprintf("files%d", d)); os.MkdirAll(dir, 0o755)
		for f := range 100 { os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%d.rb", f)), []byte("x"), 0o600) } }
	var tt, ts, tw time.Duration
	for i := range 30 {
		a := cpu(); files,_ := Tree(from,"cookbooks",nil); b := cpu(); Sync(to, files, nil); c := cpu()
		filepath.WalkDir(from, func(_ string, d fs.DirEntry, err error) error { d.Info(); return nil }); d := cpu()
		if i > 2 { tt += b-a; ts += c-b; tw += d-c }
	}
	t.Log("tree", tt/27, "sync", ts/27, "walk", tw/27, "ratio", float64(tt+ts)/float64(tw))
}
