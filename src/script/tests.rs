use super::*;

fn world() -> World {
    World {
        sources: Arc::default(),
        seed: 1,
        cancel: Arc::default(),
        elapsed: Arc::new(|| Duration::ZERO),
        limits: Limits::LESSON,
    }
}

fn printed(source: &str) -> String {
    let run = run(source, &world());
    assert_eq!(run.end, End::Finished, "{source}");
    run.text()
}

#[test]
fn a_listing_prints_what_it_says() {
    assert_eq!(printed("let w = rand(10, 10); print(w.nbytes);"), "400");
}
